-- Several providers: a tenant's own order of them.

-- Whom the tenant's jobs ask that name nobody: JSON array of {provider, model}; NULL: as the deployment says.
ALTER TABLE tenants ADD COLUMN default_providers TEXT
  CONSTRAINT tenants_default_providers_valid CHECK (default_providers IS NULL OR json_valid(default_providers));
