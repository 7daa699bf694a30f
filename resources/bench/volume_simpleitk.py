"""Folder of CT slices → volume in memory, by SimpleITK: the names of the series, then the read."""

import SimpleITK as sitk


def prepare(data):
    def work():
        reader = sitk.ImageSeriesReader()
        names = reader.GetGDCMSeriesFileNames(data)
        reader.SetFileNames(names)
        assert reader.Execute().GetSize()[2] == len(names)

    return work
