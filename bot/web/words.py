"""What the pages call things, in the words of the people who read them."""

from __future__ import annotations

PROBLEMS: dict[str, tuple[str, str]] = {
    "unknown_host": (
        "このアドレスでは開けません",
        "管理者に、このアドレスを SHOMU_PUBLIC_URL に設定するよう依頼してください。",
    ),
    "sign_in": (
        "サインインが必要です",
        "このページは、サーバーと同じパソコンで開くか、サインインして利用します。"
        "サーバーの管理者が「shomu admin link」を実行すると、"
        "10分間だけ使えるサインイン用の住所（URL）が表示されます。",
    ),
    "role": (
        "この役割では開けません",
        "必要なときは、管理者に役割の変更を依頼してください。",
    ),
    "origin": (
        "受け付けできませんでした",
        "別のサイトから送られた操作のため、安全のために止めました。"
        "このページを開き直して、もう一度お試しください。",
    ),
    "csrf": (
        "ページの有効期限が切れました",
        "ページを開き直して、もう一度お試しください。",
    ),
    "too_large": (
        "大きすぎて受け付けできません",
        "添付ファイルは合わせて20MBまで、文章は4,000文字までにしてください。",
    ),
    "unreadable_form": (
        "内容を読み取れませんでした",
        "ページを開き直して、もう一度お試しください。",
    ),
    "link_used": (
        "このリンクは使えません",
        "サインイン用のリンクは10分以内に一度だけ使えます。"
        "もう一度「shomu admin link」を実行して、新しいリンクを開いてください。",
    ),
    "link_elsewhere": (
        "このリンクはここでは使えません",
        "サインイン用のリンクは、サーバーと同じパソコンのブラウザーで開いてください。",
    ),
    "not_found": (
        "ページが見つかりません",
        "住所（URL）が正しいか確かめてください。",
    ),
    "no_file": (
        "ファイルが見つかりません",
        "リンクは24時間で使えなくなり、ファイルは保存期間を過ぎると消えます。"
        "お手数ですが、庶務にもう一度依頼してください。",
    ),
    "bad_date": (
        "日付を読み取れませんでした",
        "日付は「2026-04-01」のように入力してください。",
    ),
    "no_event": (
        "記録が見つかりません",
        "受付番号が正しいか確かめてください。",
    ),
    "no_prompt": (
        "プロンプトが見つかりません",
        "この記録で使われた文面は保管されていません。",
    ),
    "method": (
        "この操作はできません",
        "ページを開き直して、ボタンからやり直してください。",
    ),
    "broken": (
        "うまく表示できませんでした",
        "しばらくしてからもう一度お試しください。続くときは管理者に知らせてください。",
    ),
    "no_question": (
        "質問が空です",
        "質問を書くか、ファイルを添付してから送ってください。",
    ),
    "no_thread": (
        "会話が見つかりません",
        "時間がたったか、サーバーが再起動したため、この会話は残っていません。"
        "お手数ですが、新しい質問として送ってください。",
    ),
    "busy": (
        "いま混み合っています",
        "しばらくしてからもう一度お試しください。",
    ),
    "failed": (
        "うまく処理できませんでした",
        "申し訳ありません。うまく処理できませんでした。もう一度お試しください。",
    ),
}

ROLES = {
    "viewer": "閲覧者",
    "auditor": "監査者",
    "operator": "運用者",
    "admin": "管理者",
    "staff": "職員",
    "owner": "所有者",
}

ACTIONS = {
    "assistant.request": "質問",
    "assistant.answer": "回答",
    "assistant.feedback": "評価",
    "assistant.stop": "中止",
    "auth.denied": "拒否",
    "auth.login": "サインイン",
    "auth.logout": "サインアウト",
    "admin.view_body": "本文の閲覧",
    "admin.export": "書き出し",
    "admin.verify": "検証",
    "audit.verify": "毎夜の検証",
    "delivery.failed": "返信の断念",
    "document.added": "文書の登録",
    "document.updated": "文書の更新",
    "document.relabelled": "機密性の変更",
    "document.removed": "文書の削除",
    "data.erase": "本文の消去",
    "file.opened": "ファイルの受け取り",
    "workspace.add": "ワークスペースの作成",
    "workspace.bind": "場所の結び付け",
    "workspace.pause": "利用の停止",
    "workspace.resume": "利用の再開",
    "member.change": "利用者の変更",
}

PLATFORMS = {
    "slack": "Slack",
    "teams": "Teams",
    "console": "このサーバー",
    "schedule": "自動実行",
}

OUTCOMES = {
    "ok": "正常",
    "answered": "回答済み",
    "not_found": "該当なし",
    "help": "案内",
    "refused": "拒否",
    "failed": "失敗",
    "withdrawn": "取り消し",
    "good": "役に立った",
    "bad": "役に立たなかった",
}
