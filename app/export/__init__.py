"""Answers in other formats than JSON: csv, xlsx, COCO, and the drawing with marks as png and pdf."""
