"""The manifest of the Slack app, to be pasted there: the only place that says what the app asks for."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from nightbell.actions import signed_links
from nightbell.channels.slack.client import SCOPES


@require_safe
def show(_request: HttpRequest) -> JsonResponse:
    """The manifest with this installation's addresses in it. It has no secret in it."""
    return JsonResponse(manifest(), json_dumps_params={"indent": 2})


def manifest() -> dict[str, Any]:
    """What Slack's *Create an app from a manifest* takes."""
    here = settings.NIGHTBELL.url
    return {
        "display_information": {
            "name": "Nightbell",
            "description": "Pages whoever is on call, and takes their answer.",
            "background_color": "#0e0f13",
        },
        "features": {
            "bot_user": {"display_name": "Nightbell", "always_online": True},
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "slash_commands": [
                {
                    "command": "/nightbell",
                    "url": f"{here}/slack/commands",
                    "description": "Incidents, and who is on call",
                    "usage_hint": "help",
                    # So that a person arrives as an id, and not as a name that somebody else may have.
                    "should_escape": True,
                }
            ],
        },
        "oauth_config": {"redirect_urls": [signed_links.slack_oauth_url()], "scopes": {"bot": list(SCOPES)}},
        "settings": {
            "interactivity": {"is_enabled": True, "request_url": f"{here}/slack/interactivity"},
            "org_deploy_enabled": False,
            "socket_mode_enabled": False,
            "token_rotation_enabled": False,
        },
    }
