"""Files into recordings: raw answers of an API, or what an HPA did, sync by sync."""
