-- Why a model stopped, in the provider's own words; NULL: it gave none, or the row is older than the column.
ALTER TABLE task_results ADD COLUMN raw_finish_reason TEXT; -- beside finish_reason, which is ours
ALTER TABLE task_results ADD COLUMN stop_category TEXT;     -- of a filter or a refusal
