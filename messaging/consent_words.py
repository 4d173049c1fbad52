"""Words by which customers say no to our messages, and yes again; pure.

Only a whole message counts, and only words that mean nothing else: "cancel" may be about an
order. Written as people write them; case, accents and punctuation make no difference.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum

LONGEST = 60


class Wish(StrEnum):
    STOP = "stop"
    START = "start"


STOP = (
    # English, and understood everywhere
    *("stop", "stop all", "stopall", "stop messages", "stop promotions", "stop it"),
    *("unsubscribe", "unsubscribe me", "opt out", "optout", "no more messages"),
    # Portuguese
    *("parar", "pare", "sair", "sair da lista", "cancelar inscrição", "cancelar subscrição"),
    *("descadastrar", "não quero mais receber", "não quero receber mensagens"),
    # Spanish
    *("baja", "darme de baja", "dar de baja", "cancelar suscripción", "desuscribirme"),
    *("no más mensajes", "no quiero más mensajes", "detener"),
    # French
    *("arrêt", "arrêter", "arrêtez", "désabonner", "me désabonner", "se désabonner"),
    *("désinscrire", "me désinscrire", "désinscription", "désabonnement"),
    # German
    *("stopp", "abmelden", "abbestellen", "austragen", "keine werbung", "keine nachrichten mehr"),
    # Italian
    *("disiscrivimi", "disiscriviti", "annulla iscrizione", "cancella iscrizione"),
    *("cancellami", "interrompi", "niente più messaggi"),
    # Dutch
    *("afmelden", "uitschrijven", "meld mij af", "geen berichten meer"),
    # Polish, Swedish
    *("wypisz", "wypisz mnie", "rezygnuję", "avregistrera", "avsluta prenumeration"),
    # Turkish
    *("durdur", "abonelikten çık", "abonelikten çıkmak istiyorum", "mesaj istemiyorum"),
    # Indonesian, Malay
    *("berhenti", "berhenti berlangganan", "hentikan"),
    # Russian, Ukrainian
    *("стоп", "отписаться", "отписка", "отпишите меня", "отменить подписку"),
    *("відписатися", "відписка"),
    # Arabic, Hebrew, Persian
    *("توقف", "قف", "إيقاف", "أوقف", "إلغاء الاشتراك", "الغ الاشتراك"),
    *("הסר", "הסרה", "עצור", "لغو اشتراک", "توقف پیام"),
    # Hindi
    *("रोकें", "रोको", "बंद करें", "बंद करो", "स्टॉप", "सदस्यता रद्द करें", "band karo"),
    # Chinese, Japanese, Korean
    *("退订", "退訂", "取消订阅", "取消訂閱", "停止", "配信停止", "수신거부"),
)

# Heard only of somebody who had said stop: elsewhere these are ordinary words.
START = (
    *("start", "unstop", "subscribe", "resubscribe", "opt in", "optin", "resume"),
    *("começar", "voltar", "iniciar", "inscrever", "subscrever", "reativar"),
    *("alta", "darme de alta", "empezar", "comenzar", "suscribirme", "reanudar"),
    *("démarrer", "reprendre", "commencer", "m'abonner", "s'abonner", "réabonner"),
    *("starten", "anmelden", "wieder anmelden", "abonnieren"),
    *("inizia", "iscrivimi", "riprendi", "aanmelden", "inschrijven", "hervatten"),
    *("zapisz", "zapisz mnie", "starta", "registrera"),
    *("başlat", "abone ol", "mulai", "berlangganan", "mula"),
    *("старт", "начать", "подписаться", "почати", "підписатися"),
    *("ابدأ", "اشتراك", "اشترك", "استئناف", "התחל", "הרשמה", "شروع", "اشتراک"),
    *("शुरू", "शुरू करें", "शुरू करो", "स्टार्ट", "shuru karo"),
    *("订阅", "訂閱", "开始", "開始", "配信再開", "수신동의"),
)


def wish_in(text: str) -> Wish | None:
    """What a whole message says of our writing; None where it is about something else."""
    if not 0 < len(text) <= LONGEST:
        return None
    return WISHES.get(bare(text))


def bare(text: str) -> str:
    """Letters and digits alone, without accents, in one case; words one space apart."""
    # Turkish has an i without its dot, which no casefold knows.
    folded = unicodedata.normalize("NFKD", text.casefold()).replace("ı", "i")
    kept = "".join(
        char if unicodedata.category(char)[0] in "LNM" else " "
        for char in folded
        if not unicodedata.combining(char)
    )
    return " ".join(kept.split())


WISHES = {bare(word): Wish.START for word in START} | {bare(word): Wish.STOP for word in STOP}
