-- What a run says of itself beside its scores; NULL in runs of earlier versions.
ALTER TABLE cases ADD COLUMN steps INTEGER;        -- stages executed, over all answers of the case
ALTER TABLE cases ADD COLUMN model_calls INTEGER;  -- answers that a model wrote
