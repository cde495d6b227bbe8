"""The only importer of boto3: AWS's answers as plain values, AWS's errors as ours, within the call budget."""
