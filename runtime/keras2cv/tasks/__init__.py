"""The answers of a model: classes, boxes, masks, points, numbers, images."""
