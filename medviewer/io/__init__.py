"""Files → items. Each reader is a module with the same functions; the only home of pydicom, SimpleITK, imagecodecs, Pillow."""
