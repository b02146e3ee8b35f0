-- The merchant that a marketplace is itself: its parts of payments belong to it.
ALTER TABLE marketplace ADD COLUMN merchant TEXT NOT NULL DEFAULT '';
