"""Shows a DN's light by TLS, with a token that is read anew for each link and before it expires.

usage: secure_light.py HOST PORT DN CA_FILE TOKEN_FILE
"""
import asyncio
import pathlib
import sys

from ringdown import TLS, Identity, SteadyDesktop, v1


async def main(host: str, port: int, dn: str, ca_file: str, token_file: str) -> None:
    def token() -> bytes:  # what it raises means: there is none now, ask again later
        return pathlib.Path(token_file).read_bytes().strip()

    who = Identity(v1.ROLE_DESKTOP, credentials=token)
    tls = TLS(ca_file=ca_file)
    async with SteadyDesktop([(host, port)], dn, identity=who, tls=tls) as desktop:
        async for light in desktop.lights():
            print(light.value, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:6]))
