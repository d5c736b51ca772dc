"""boto3 lives here and nowhere else (but for the embedded AWS): one adapter for each AWS service."""
