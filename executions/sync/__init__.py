"""The only writer of mirrored rows: from what AWS says, through the gateway, into the models."""
