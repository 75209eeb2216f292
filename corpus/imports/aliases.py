"""What programs call our fields in the header of a table or in front matter, in five languages.

Written without accents and signs, in lower case, words apart; `corpus.imports.columns` compares in that form. To teach
it another name, add it here. One word alone is only met when it is the whole header ("story", never "story status").
"Name" alone is left out on purpose: it may be the name in the narrator's papers, and not the one chosen to be shown.
"""

from __future__ import annotations

# In the order in which fields choose among headers that fit equally well.
ALIASES: dict[str, tuple[str, ...]] = {
    "id": (
        "id", "story id", "identifier", "reference", "ref", "number", "no", "nr",
        "numero", "codigo", "id de la historia", "identifiant", "id du recit", "kennung", "nummer", "identificador",
    ),
    "title": (
        "title", "headline", "heading", "story title", "title of the story", "title of your story",
        "titulo", "titre", "titre du recit", "titel", "uberschrift", "titel der geschichte",
    ),
    "narrator": (
        "narrator", "storyteller", "author", "pen name", "display name", "chosen name", "nickname", "pseudonym",
        "name to show", "shown name", "narrador", "narradora", "autor", "autora", "seudonimo", "nombre elegido",
        "narrateur", "narratrice", "auteur", "pseudonyme", "nom choisi", "erzahler", "erzahlerin", "anzeigename",
        "pseudonimo", "nome escolhido",
    ),
    "language": ("language", "lang", "locale", "story language", "idioma", "lengua", "langue", "sprache", "lingua"),
    "themes": (
        "themes", "theme", "topics", "topic", "tags", "subjects", "temas", "tema", "etiquetas",
        "sujets", "sujet", "mots cles", "themen", "thema", "schlagworte", "topicos",
    ),
    "stage": (
        "stage", "stage of recovery", "where in recovery", "etapa", "fase", "etape", "phase", "abschnitt",
    ),
    "hope": (
        "hope", "hope rating", "how hopeful", "level of hope", "esperanza", "nivel de esperanza", "espoir",
        "niveau d espoir", "hoffnung", "esperanca", "nivel de esperanca",
    ),
    "setbacks": (
        "setbacks", "setback", "steps back", "tells of setbacks", "recaidas", "retrocesos", "rechutes", "reculs",
        "ruckschlage", "ruckschlag", "retrocessos",
    ),
    "pathways": (
        "pathways", "pathway", "paths", "what was part of the way", "caminos", "vias", "parcours", "chemins",
        "wege", "weg", "caminhos",
    ),
    "context": (
        "context", "contexts", "about the narrator", "background", "contexto", "contextos", "contexte", "contextes",
        "kontext", "hintergrund",
    ),
    "content_notes": (
        "content notes", "content note", "content warnings", "content warning", "trigger warnings", "trigger warning",
        "warnings", "advertencias", "advertencias de contenido", "avertissements", "avertissements de contenu",
        "inhaltshinweise", "triggerwarnung", "hinweise", "avisos de conteudo", "avisos",
    ),
    "consent_granted": (
        "consent granted", "consent granted at", "granted at", "consent date", "date of consent", "consented on",
        "consent given on", "fecha de consentimiento", "fecha del consentimiento", "date du consentement",
        "einwilligung am", "datum der einwilligung", "einwilligungsdatum", "data do consentimento",
        "data de consentimento",
    ),
    "consent_expires": (
        "consent expires", "consent expires at", "expires at", "consent until", "consent ends", "consent expiry",
        "consent end date", "consentimiento hasta", "vencimiento del consentimiento", "consentement jusqu au",
        "fin du consentement", "einwilligung bis", "einwilligung endet", "consentimento ate",
        "validade do consentimento",
    ),
    "consent_purposes": (
        "consent purposes", "consent purpose", "purposes", "consented purposes", "allowed for", "consent for",
        "fines del consentimiento", "finalidades del consentimiento", "finalites du consentement",
        "zwecke der einwilligung", "einwilligung fur", "finalidades do consentimento",
    ),
    "consent_evidence": (
        "consent evidence", "evidence", "evidence of consent", "consent reference", "consent record", "consent form",
        "where the consent is kept", "prueba del consentimiento", "referencia del consentimiento",
        "preuve du consentement", "reference du consentement", "nachweis der einwilligung", "einwilligungsnachweis",
        "prova do consentimento", "comprovante de consentimento",
    ),
    "consent_wording": (
        "consent wording", "wording", "consent version", "consent text", "version of the consent",
        "version del consentimiento", "version du consentement", "fassung der einwilligung",
        "versao do consentimento",
    ),
    "going_on": (
        "going on", "what was going on", "what was happening", "que estaba pasando", "que pasaba",
        "ce qui se passait", "que se passait il", "was los war", "was war los", "o que estava acontecendo",
        "o que se passava",
    ),
    "was_like": (
        "was like", "what it was like", "what was it like", "how it felt", "como fue", "como era",
        "comment c etait", "wie es war", "wie war es", "como foi",
    ),
    "helped": (
        "helped", "what helped", "what helped or didn t", "what has helped", "que ayudo", "lo que ayudo",
        "ce qui a aide", "was geholfen hat", "was hat geholfen", "o que ajudou",
    ),
    "now": (
        "now", "where i am now", "where are you now", "how things are now", "donde estoy ahora", "como estoy ahora",
        "ou j en suis", "ou j en suis maintenant", "wo ich jetzt stehe", "wie es mir jetzt geht", "wo ich heute stehe",
        "onde estou agora", "como estou agora",
    ),
    "text": (
        "text", "whole", "whole story", "full text", "full story", "story", "the story", "my story", "your story",
        "tell us your story", "story body", "story text", "text of the story", "body", "words", "narrative",
        "testimony", "historia", "tu historia", "su historia", "mi historia", "relato", "texto", "testimonio",
        "histoire", "votre histoire", "mon histoire", "recit", "votre recit", "texte", "temoignage",
        "geschichte", "deine geschichte", "ihre geschichte", "meine geschichte", "sua historia", "minha historia",
        "depoimento", "testemunho",
    ),
}  # fmt: skip

# How programs write a language where a tag such as `en` or `pt-BR` belongs.
LANGUAGES: dict[str, str] = {
    "english": "en", "ingles": "en", "anglais": "en", "englisch": "en",
    "spanish": "es", "espanol": "es", "castellano": "es", "espagnol": "es", "spanisch": "es", "espanhol": "es",
    "french": "fr", "frances": "fr", "francais": "fr", "franzosisch": "fr",
    "german": "de", "aleman": "de", "allemand": "de", "deutsch": "de", "alemao": "de",
    "portuguese": "pt", "portugues": "pt", "portugais": "pt", "portugiesisch": "pt",
}  # fmt: skip

YES = frozenset({"yes", "y", "true", "1", "x", "si", "oui", "ja", "sim"})
NO = frozenset({"no", "n", "false", "0", "non", "nein", "nao"})
