"""What people say, and what the manuals of an office call it.

Only the question is widened, so the list can grow without indexing anything again. Words that
differ merely in spelling need no line here: the dictionary makes them one (申込み, 申し込み).
"""

from __future__ import annotations

import unicodedata

from bot.japanese import words

# So short a string must also be a word of the question: 夫 is not meant by 大丈夫.
SHORT = 2

_PAIRS = """
有休=年次有給休暇 有給=年次有給休暇 年休=年次有給休暇 夏休み=夏季休暇 産休=産前休暇
産休=産後休暇 育休=育児休業 育児休暇=育児休業 時短=短時間勤務 生理休暇=特別休暇
忌引き=忌引休暇 法事=忌引休暇 祖父=祖父母 祖母=祖父母 おじいちゃん=祖父母 おばあちゃん=祖父母
お父さん=父母 お母さん=父母 夫=配偶者 妻=配偶者 赤ちゃん=出生 生まれ=出生 妊婦=妊娠
結婚式=結婚休暇 お葬式=葬祭 葬式=葬祭 亡くな=死亡 病欠=病気休暇 風邪=病気休暇 残業=時間外勤務
休出=休日勤務 振休=振替 代休=振替 早引け=早退 遅刻=遅参 副業=兼業 アルバイト=兼業
在宅=在宅勤務 テレワーク=在宅勤務 リモートワーク=在宅勤務 割り勘=会食 飲み会=会食
ハラスメント=相談 パート=会計年度任用職員 バイト=会計年度任用職員 非正規=会計年度任用職員
正規=常勤 給料=給与 ボーナス=期末手当 賞与=期末手当 マイカー=自家用車 車で=自動車
社用車=公用車 ホテル=宿泊 ホテル代=宿泊費 宿代=宿泊費 交通費=旅費 電車賃=鉄道賃
新幹線=特別急行 特急=特別急行 飛行機=航空 ガソリン代=車賃 立て替え=精算 前借り=概算払
キャンセル=取消し 領収証=領収書 ハンコ=公印 はんこ=公印 判子=公印 印鑑証明=印鑑登録証明
実印=印鑑登録 引っ越し=転入 引っ越し=転居 引っ越し=転出 引越し=転入 引越し=転居 引越し=転出
保険証=資格確認書 国保=国民健康保険 マイナカード=マイナンバーカード マイナンバー=個人番号
生活保護=保護 子供=子 子ども=子 障害者手帳=障害 死亡届=死亡 籍=戸籍 住所変更=住民異動
保存期間=保存年限 何年残す=保存年限 捨て=廃棄 数え始め=起算 稟議=起案 伺い=起案
ハンコをもらう=決裁 代わりに=代決 承認者=決裁 見積り=見積書 相見積=見積書 発注=契約
業者=事業者 請求書=支払 入札なし=随意契約 wi-fi=無線LAN wifi=無線LAN ワイファイ=無線LAN
パソコン=端末 pc=端末 スマホ=端末 私物=私物端末 usb=電磁的記録媒体 メルアド=メールアドレス
パスワード忘れ=再設定 ウイルス=不正プログラム 迷惑メール=不審なメール 流出=漏えい
漏れた=漏えい 落とした=紛失 なくし=紛失 無くし=紛失 盗まれ=盗難 シュレッダー=廃棄
chatgpt=生成AI チャットgpt=生成AI 大雨=風水害 台風=風水害 集まる=参集 駆けつけ=参集
避難場所=避難所 犬=ペット 猫=ペット 燃えるゴミ=燃やすごみ 燃えるごみ=燃やすごみ
燃えないゴミ=燃やさないごみ 燃えないごみ=燃やさないごみ ゴミ袋=指定袋 大型ごみ=粗大ごみ
大型ゴミ=粗大ごみ カン=缶 ビン=びん 電池=有害ごみ 問い合わせ先=内線 締切=期限 締め切り=期限
いつまで=期限 いくら=金額 やめる=退職 辞め=退職 打刻=出勤 タイムカード=打刻 健診=健康診断
人間ドッグ=人間ドック クレーム=苦情 講演=講師
"""


def _load() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for pair in _PAIRS.split():
        said, _, meant = unicodedata.normalize("NFKC", pair).partition("=")
        found.setdefault(said.lower(), []).append(meant)
    return {said: tuple(meant) for said, meant in found.items()}


MEANT = _load()


def meant_by(question: str) -> dict[str, tuple[str, ...]]:
    """What people's words in a question → what manuals call it: 「マイカー」 → 「自家用車」."""
    text = unicodedata.normalize("NFKC", question).lower()
    said = [word for word in MEANT if word in text]
    if not any(len(word) <= SHORT for word in said):
        return {word: MEANT[word] for word in said}
    held = set(words(text))
    return {word: MEANT[word] for word in said if len(word) > SHORT or set(words(word)) <= held}
