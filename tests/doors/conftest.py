"""What tests of every door may ask for."""

from tests.api.conftest import settled  # noqa: F401 -- a fixture
