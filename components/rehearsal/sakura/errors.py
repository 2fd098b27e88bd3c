"""How the API refuses: HTTP status and Japanese message of each error code.

Source: sakura-vpcrouter-api 1.4.  The codes and their statuses are those of the official Python
SDK.  Which misuse of a VPC router earns which code on the real server is unverified, except for
`not_found`, `conflict`, `still_creating`, `disconnect_b4_delete` and `locked`, which were seen.
The message texts of `not_found` and `still_creating` are the real ones, the others paraphrase.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any, Final

_MESSAGES: Final[dict[int, dict[str, str]]] = {
    400: {
        "bad_request": "不適切な要求です。",
        "missing_param": "必要なパラメータが指定されていません。",
        "invalid_format": "パラメータの形式が不正です。",
        "invalid_range": "パラメータの値が範囲外です。",
        "invalid_param_comb": "パラメータの組み合わせが不正です。",
        "param_ip_not_found": "指定されたIPアドレスのネットワークが存在しません。",
        "param_res_not_found": "指定されたリソースが存在しません。",
    },
    401: {"unauthorized": "認証に失敗しました。アクセストークンまたはシークレットが不正です。"},
    402: {"payment_required": "料金のお支払いが確認できないため、要求された操作を行えません。"},
    403: {
        "forbidden": "要求された操作は許可されていません。権限が不足しています。",
        "access_apikey_disabled": "APIキーが無効です。",
    },
    404: {
        "not_found": "対象が見つかりません。"
        "対象は利用できない状態か、IDまたはパスに誤りがあります。",
        "resource_path_not_found": "要求されたパスのリソースは存在しません。",
        "invalid_uri_argument": "URIの引数が不正です。",
    },
    405: {"method_not_allowed": "要求されたメソッドは許可されていません。"},
    409: {
        "conflict": "要求された操作を行えません。対象の現在の状態では実行できない操作です。",
        "still_creating": "要求された操作を行えません。"
        "リソースの作成処理が進行中です。完了後に再度お試しください。",
        "disconnect_b4_delete": "要求された操作を行えません。接続を解除してから削除してください。",
        "delete_router_b4_switch": "要求された操作を行えません。"
        "このスイッチはルータに属しています。ルータを削除してください。",
        "delete_static_route_first": "要求された操作を行えません。"
        "スタティックルートを削除してください。",
        "server_power_must_be_down": "要求された操作を行えません。"
        "電源を切ってから実行してください。",
        "server_power_must_be_up": "要求された操作を行えません。電源を入れてから実行してください。",
        "server_is_cleaning": "要求された操作を行えません。停止処理が進行中です。",
        "res_already_connected": "要求された操作を行えません。既に接続されています。",
        "res_already_disconnected": "要求された操作を行えません。既に切断されています。",
        "connect_to_same_switch": "要求された操作を行えません。"
        "同じスイッチに複数のインタフェースを接続できません。",
        "original_hash_mismatch": "要求された操作を行えません。"
        "設定は他の操作によって変更されています。",
        "run_out_of_ipaddress": "要求された操作を行えません。"
        "割り当て可能なIPアドレスがありません。",
    },
    423: {"locked": "対象は処理中のためロックされています。しばらくしてから再度お試しください。"},
    503: {
        "service_unavailable": "サービスを利用できません。",
        "busy": "サーバが混み合っています。しばらくしてから再度お試しください。",
        "operation_failure": "処理に失敗しました。",
        "operation_timeout": "処理がタイムアウトしました。",
        "service_temporarily_unavailable": "サービスは一時的に利用できません。",
        "too_many_request": "要求が多すぎます。しばらくしてから再度お試しください。",
    },
}
STATUS: Final = {code: status for status, codes in _MESSAGES.items() for code in codes}
"""HTTP status of each known `error_code`."""


def error_body(code: str, *, status: int | None = None, where: str = "") -> dict[str, Any]:
    """The body of a refusal; `where` names the field or path concerned, never its value.

    `status` replaces the code's own HTTP status (a 429 carries `too_many_request`, which the
    official SDK files under 503).
    """
    own = STATUS[code]
    http = HTTPStatus(status or own)
    message = _MESSAGES[own][code]
    return {
        "is_fatal": True,
        "serial": secrets.token_hex(16),
        "status": f"{http.value} {http.phrase}",
        "error_code": code,
        "error_msg": f"{message} ({where})" if where else message,
    }


class Refused(Exception):
    """The API does not do what was asked; `code` is one of `STATUS`."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(code, where)
        self.code, self.where = code, where

    @property
    def status(self) -> int:
        """The HTTP status of this refusal."""
        return STATUS[self.code]

    def body(self) -> dict[str, Any]:
        """The JSON body of this refusal."""
        return error_body(self.code, where=self.where)
