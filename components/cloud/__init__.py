"""The SAKURA Cloud end: HTTP client, settings of the VPC router, life of its resources."""
