"""What every room shares: headers, languages, assets, error pages, logs, the service worker."""
