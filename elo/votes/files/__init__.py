"""Files and tables of any format as chunks of columns.

opening       a path or standard input as bytes, unpacked
chunks        some rows of a file as columns
csv_file      CSV with any separator
json_file     JSON lines, JSON lists, and what pandas writes
parquet_file  Parquet
memory        columns in memory
"""
