# As much of Protobuf's types as this client uses: Debian 12 has no stubs for it.
