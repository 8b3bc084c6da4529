"""OData 4 as both services speak it: metadata, query text, batches."""

from __future__ import annotations
