"""What the program talks about: patients, images, greys, findings. numpy alone; no files, no threads, no Qt, no torch."""
