"""One key for numbers of Brazil, Mexico and Argentina that may be written in two ways.

Where both ways are there already, as two contacts, a merge is suggested.
"""

from django.db import migrations

KEYS = """
  SELECT id, organization_id, contact_id, CASE
    WHEN canonical_key ~ '^55[0-9]{2}9[6-9][0-9]{7}$'
      THEN left(canonical_key, 4) || substr(canonical_key, 6)
    WHEN canonical_key ~ '^521[0-9]{10}$' THEN '52' || substr(canonical_key, 4)
    WHEN canonical_key ~ '^549[0-9]{10}$' THEN '54' || substr(canonical_key, 4)
  END AS key
  FROM messaging_contactidentity
  WHERE kind = 'phone' AND canonical_key ~ '^(55[0-9]{2}9[6-9][0-9]{7}|521[0-9]{10}|549[0-9]{10})$'
"""
SUGGEST = f"""
INSERT INTO messaging_mergesuggestion (organization_id, contact_id, other_id, reason)
SELECT old.organization_id, least(old.contact_id, other.contact_id),
  greatest(old.contact_id, other.contact_id), 'The same phone number, written in two ways.'
FROM ({KEYS}) AS old JOIN messaging_contactidentity AS other
  ON other.organization_id = old.organization_id AND other.kind = 'phone'
 AND other.canonical_key = old.key AND other.contact_id <> old.contact_id
ON CONFLICT DO NOTHING
"""
REWRITE = f"""
UPDATE messaging_contactidentity AS identity SET canonical_key = old.key
FROM ({KEYS}) AS old
WHERE identity.id = old.id AND NOT EXISTS (
  SELECT FROM messaging_contactidentity AS other
  WHERE other.organization_id = old.organization_id AND other.kind = 'phone'
    AND other.canonical_key = old.key
)
"""


class Migration(migrations.Migration):
    dependencies = [("messaging", "0002_kinds_media_identities")]

    operations = [
        migrations.RunSQL(SUGGEST, migrations.RunSQL.noop),
        migrations.RunSQL(REWRITE, migrations.RunSQL.noop),
    ]
