"""Writes tables.json and rotate.json from the plain files of the data sets.

Usage: python make-golden.py FOLDER   (the folder holds digits.csv.gz, yacht.txt, …)
Knows nothing of the code under test: numpy reads the files, scipy rotates.
"""
import gzip, json, math, pathlib, platform, sys
import numpy, scipy
from scipy import ndimage

folder, here = pathlib.Path(sys.argv[1]), pathlib.Path(__file__).parent
origin = f"make-golden.py, Python {platform.python_version()}, numpy {numpy.__version__}, scipy {scipy.__version__}"

tables = {}
for name, file, skip in [
    ("engel", "engel.csv", 1), ("yacht", "yacht.txt", 0), ("energy", "energy.txt", 0),
    ("concrete", "concrete.txt", 0), ("wineQualityRed", "wine-quality-red.txt", 0), ("powerPlant", "power-plant.txt", 0),
]:
    data = numpy.loadtxt(folder / file, delimiter="," if skip else None, skiprows=skip)
    n = len(data)
    tables[name] = {
        "shape": list(data.shape),
        "rows": {str(i): data[i].tolist() for i in (0, n // 3, n - 1)},
        "columnSums": [math.fsum(c) for c in data.T],
    }

digits = numpy.loadtxt(gzip.open(folder / "digits.csv.gz", "rt"), delimiter=",")
tables["digits"] = {
    "rows": {str(i): digits[i].tolist() for i in (0, 901, 1796)},
    "perClass": numpy.bincount(digits[:, 64].astype(int)).tolist(),
    "pixelSum": float(digits[:, :64].sum()),
}
(here / "tables.json").write_text(json.dumps({"origin": origin, **tables}) + "\n")

image = digits[901, :64].reshape(8, 8) / 16
turned = {
    str(a): ndimage.rotate(image, a, reshape=False, order=1, mode="grid-constant", cval=0).ravel().tolist()
    for a in (-20, 10, 45, 90)
}
(here / "rotate.json").write_text(json.dumps({
    "origin": origin + ", ndimage.rotate(reshape=False, order=1, mode='grid-constant') of digit 901", "turned": turned,
}) + "\n")
