"""Years of made-up use, written by COPY: for measuring how the desk behaves when it is full."""
