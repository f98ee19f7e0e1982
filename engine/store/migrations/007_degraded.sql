-- How many answers of a run were less than they could be; NULL in runs of earlier versions.
ALTER TABLE cases ADD COLUMN degraded VARCHAR;  -- the first reason, empty when nothing was lost
