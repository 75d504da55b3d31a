"""Writes a wheel: python3 wheels.py FOLDER NAME VERSION PACKAGE ANSWER [REQUIREMENT...]. Its one command prints ANSWER."""

import sys
import zipfile

folder, name, version, package, answer, *requirements = sys.argv[1:]
distribution = name.replace("-", "_")
info = f"{distribution}-{version}.dist-info"
files = {
    f"{package}/__init__.py": f"def main():\n    print({answer!r})\n",
    f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    + "".join(f"Requires-Dist: {requirement}\n" for requirement in requirements),
    f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {package}:main\n",
}
files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in files)
with zipfile.ZipFile(f"{folder}/{distribution}-{version}-py3-none-any.whl", "w") as wheel:
    for path, text in files.items():
        wheel.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), text)
