"""The router's own words, English and Japanese.

The reference marks most of these texts as seen on real routers or in other people's tools; those
that are only assumed say so.
"""

from __future__ import annotations

from typing import Final

ENCODINGS: Final = {
    # `console character`: (codec, language: index into the pairs below); command reference 4.21
    "en.ascii": ("ascii", 0),
    "ascii": ("ascii", 0),
    "ja.sjis": ("cp932", 1),
    "sjis": ("cp932", 1),
    "ja.euc": ("euc_jp", 1),
    "euc": ("euc_jp", 1),
    "ja.utf8": ("utf-8", 1),
}
DEFAULT_CHARACTER: Final = "ja.sjis"

ERRORS: Final = {
    "command": ("Invalid command name", "コマンド名を確認してください"),
    "keyword": ("Illegal keyword", "パラメータのキーワードが認識できません"),
    "level": ("Administrator use only", "このコマンドは管理レベルでのみ使用できます"),
    "count": ("Insufficient or too many parameters", "パラメータの数が不適当です"),
    "range": ("Parameter out of range", "パラメータが範囲を越えています"),
    "integer": ("Parameter must be an integer", "パラメータは整数で指定してください"),
    "address": ("Unrecognized IP address parameter", "IPアドレスが認識できません"),
    "password": ("Incorrect password", "パスワードが間違っています"),
    # The reference has this text for pp; that a tunnel not selected says the same is unverified.
    "context": (
        "Execute pp select command beforehand",
        "このコマンドは相手を選択してから実行してください",
    ),
    # What follows is unverified in its wording.
    "too long": ("Command line is too long", "コマンドが長すぎます"),
    "no rollback": ("Rollback timer is not running", "ロールバックタイマーは動作していません"),
    "save": ("Failed to save configuration", "設定の保存に失敗しました"),
    "no user": ("No such user", "指定されたユーザは存在しません"),
    "no storage": ("No external storage", "外部メモリが接続されていません"),
    "no filter": ("Specified filter is not defined", "指定されたフィルターは定義されていません"),
    "schedule": ("Cannot be scheduled", "スケジュールには指定できません"),
    "no file": ("No such file or directory", "ファイルデータの読み込みに失敗しました。"),
    "no sa": ("Specified SA does not exist", "指定されたSAは存在しません"),
}
_ERROR: Final = ("Error", "エラー")

TEXTS: Final = {
    "pager": ("---more---", "---つづく---"),
    "save?": ("Save new configuration ? (Y/N)", "新しい設定を保存しますか? (Y/N)"),
    "saving": ("Saving ... CONFIG{number} Done .", "セーブ中... CONFIG{number} 終了"),
    # The Japanese text is marked unverified, the English one is assumed.
    "new key?": (
        "Key already exists. Do you generate new key? (Y/N)",
        "キーはすでに存在します。新しいキーを作成しますか? (Y/N)",
    ),
    "password": ("Password: ", "Password: "),
    # The Japanese text is known only in part; that it is no error line is unverified.
    "already": ("Already in administrator level", "すでに管理レベルになっています"),
    # The router's own help says more than its syntax; how it is laid out is unverified.
    "help": ("  Syntax: {syntax}", "  入力形式: {syntax}"),
    # Japanese seen; English assumed.
    "unreadable": (
        "{file}: No such file or directory",
        "{file}: ファイルデータの読み込みに失敗しました。 : No such file or directory",
    ),
    "searching": ("Searching ...", "検索中..."),
    # English wording of ping unverified.
    "ping answer": (
        "received from {address}: icmp_seq={sequence} ttl={ttl} time={time:.3f}ms",
        "{address}から受信: シーケンス番号={sequence} ttl={ttl} 時間={time:.3f}ミリ秒",
    ),
    # What `-w` prints for a lost reply is unverified.
    "ping lost": (
        "no answer from {address}: icmp_seq={sequence}",
        "{address}から応答がありません: シーケンス番号={sequence}",
    ),
    "ping summary": (
        "{sent} packets transmitted, {received} packets received, {loss:.1f}% packet loss",
        "{sent}個のパケットを送信し、{received}個のパケットを受信しました。{loss:.1f}%パケットロス",
    ),
    "ping times": (
        "round-trip min/avg/max = {low:.3f}/{mean:.3f}/{high:.3f} ms",
        "往復遅延 最低/平均/最大 = {low:.3f}/{mean:.3f}/{high:.3f} ミリ秒",
    ),
}

RESTRICTED: Final = "Error: Login access is restricted."


def error(code: str, language: int) -> str:
    """The line that refuses a command."""
    return f"{_ERROR[language]}: {ERRORS[code][language]}"


def is_error(line: str) -> bool:
    """Whether a line of output refuses a command."""
    return line.startswith(tuple(f"{word}: " for word in _ERROR))


def text(name: str, language: int, **values: object) -> str:
    """One of the router's other texts."""
    return TEXTS[name][language].format(**values)
