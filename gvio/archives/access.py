"""What an archive needs to be talked to: addresses and secrets, as values that the shells read for it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, SecretStr


class Credentials(BaseModel):
    """A user's own credentials; a value that is None was not given. Never shown: not in `repr`, logs or errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    earthdata_token: SecretStr | None = None
    earthdata_username: SecretStr | None = None
    earthdata_password: SecretStr | None = None
    eog_username: SecretStr | None = None
    eog_password: SecretStr | None = None
    eog_client_id: SecretStr | None = None
    eog_client_secret: SecretStr | None = None


class Endpoints(BaseModel):
    """Addresses of the archives; others for mirrors and for tests on loopback. URLs without a slash at the end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cmr: str = "https://cmr.earthdata.nasa.gov/search"
    earthdata_login: str = "urs.earthdata.nasa.gov"
    laads: str = "https://ladsweb.modaps.eosdis.nasa.gov"
    eog: str = "https://eogdata.mines.edu/nighttime_light"
    eog_token: str = "https://eogauth-new.mines.edu/realms/eog/protocol/openid-connect/token"
    light_every_night: str = "https://s3.us-east-1.amazonaws.com"
    light_every_night_bucket: str = "globalnightlight"
