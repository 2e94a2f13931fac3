"""How to search drawings, as /detect and /jobs take it."""

from __future__ import annotations

from fastapi import UploadFile
from pydantic import BaseModel, Field

from app.api.dependencies import FINEST_DPI, OLDEST_DPI
from app.engine.query import Options, Rotation
from app.service.detect import Search
from app.service.fields import file_name, parse_box, parse_pages
from app.service.jobs import Order, Sent
from app.service.paging import ASKED

OTHER_SIZES = ("If neither size is given and the example is not of this drawing, whose resolution or the example's is unknown, "
               "copies of 0.51 to 1.95 times its size are looked for.")


class SearchForm(BaseModel, extra="forbid"):
    """How to search."""

    symbols: list[str] = Field([], description="Ids or names, repeated or comma-separated; all of origin `user` if not given.")
    min_score: float = Field(0.5, ge=0, le=1, allow_inf_nan=False, description="Lowest score to answer.")
    rotation: Rotation = Field("any", description="Angles to look at.")
    mirror: bool = Field(True, description="Also find mirrored copies.")
    scale_min: float = Field(
        0.8, ge=ASKED[0], le=ASKED[1], allow_inf_nan=False, description=f"Smallest size, relative to the example. {OTHER_SIZES}"
    )
    scale_max: float = Field(
        1.25, ge=ASKED[0], le=ASKED[1], allow_inf_nan=False, description=f"Largest size, relative to the example. {OTHER_SIZES}"
    )
    pages: str | None = Field(None, description="`1-3,5`; all if not given.")
    dpi: int = Field(200, ge=OLDEST_DPI, le=FINEST_DPI, description="Resolution at which a PDF is rendered.")
    region: list[str] = Field([], description="`x,y,width,height` to search in; may be repeated.")
    exclude: list[str] = Field([], description="`x,y,width,height` to leave out; may be repeated.")
    max_detections: int = Field(5000, ge=1, le=100_000, description="Most detections of a page.")

    def options(self) -> Options:
        """Raises BadInput."""
        return Options(
            min_score=self.min_score,
            rotation=self.rotation,
            mirror=self.mirror,
            scale_min=self.scale_min,
            scale_max=self.scale_max,
            other_sizes=not {"scale_min", "scale_max"} & self.model_fields_set,
            regions=tuple(parse_box(text, "region") for text in self.region),
            exclude=tuple(parse_box(text, "exclude") for text in self.exclude),
            max_detections=self.max_detections,
        )

    def numbers(self) -> tuple[int, ...] | None:
        """The pages asked for. Raises BadInput."""
        return None if self.pages is None else parse_pages(self.pages)


class DetectForm(SearchForm):
    """A drawing and how to search it."""

    file: UploadFile = Field(description="The drawing: PNG, JPEG, TIFF, WebP, BMP or PDF; any polarity and colour.")

    async def search(self) -> Search:
        """The form as the service takes it. Raises BadInput."""
        return Search(await self.file.read(), tuple(self.symbols), self.options(), self.numbers(), self.dpi)

    def name(self) -> str:
        return file_name(self.file.filename)


class JobForm(SearchForm):
    """Drawings and how to search them."""

    file: list[UploadFile] = Field(min_length=1, description="A drawing, as for /detect; repeated for many.")
    webhook: str | None = Field(None, description="URL to tell once the job has ended, at a host that the operator allows.")

    def order(self) -> Order:
        """The form as the service takes it. Raises BadInput."""
        files = tuple(Sent(file_name(each.filename), each.file.read) for each in self.file)
        return Order(files, tuple(self.symbols), self.options(), self.numbers(), self.dpi, self.webhook)
