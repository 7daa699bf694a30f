"""Process start → a bare QMainWindow painted. Prints when it is, then ends."""

import sys

from PySide6.QtWidgets import QApplication, QMainWindow


class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        print("painted", flush=True)
        self.close()


application = QApplication([])
window = Window()
window.resize(1400, 900)
window.show()
sys.exit(application.exec())
