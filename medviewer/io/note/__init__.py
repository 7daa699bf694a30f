"""Note formats: texts of office programs, and documents of hospital systems."""
