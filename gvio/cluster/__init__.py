"""Work on other processes and machines: the only user of Dask."""
