class FileDescriptor:
    name: str
