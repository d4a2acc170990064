"""Reading and writing: the CSV, the HDF5 databases and the model files."""
