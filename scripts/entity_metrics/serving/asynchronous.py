"""The same lookups for asyncio."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from entity_metrics.serving.lookups import EntityMetrics, Found


class AsyncEntityMetrics:
    """EntityMetrics whose methods are awaited: each runs in a thread, so that a loop goes on meanwhile."""

    def __init__(self, metrics: EntityMetrics, threads: int = 16) -> None:
        """metrics: what is asked; threads: lookups at a time."""
        self._metrics = metrics
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="entity-metrics")

    async def _run(self, method: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, method, *args)

    async def get(self, entity_type: str, ids: Iterable[int]) -> Found:
        """See EntityMetrics.get."""
        return await self._run(self._metrics.get, entity_type, list(ids))

    async def get_model_metrics(self, ids: Iterable[int]) -> Found:
        """Totals of models."""
        return await self.get("Model", ids)

    async def get_model_version_metrics(self, ids: Iterable[int]) -> Found:
        """Totals of model versions."""
        return await self.get("ModelVersion", ids)

    async def get_post_metrics(self, ids: Iterable[int]) -> Found:
        """Totals of posts."""
        return await self.get("Post", ids)

    async def get_collection_metrics(self, ids: Iterable[int]) -> Found:
        """Totals of collections."""
        return await self.get("Collection", ids)

    async def get_image_metrics(self, ids: Iterable[int]) -> Found:
        """Totals of images."""
        return await self.get("Image", ids)

    async def get_user_metrics(self, ids: Iterable[int]) -> Found:
        """See EntityMetrics.get_user_metrics."""
        return await self._run(self._metrics.get_user_metrics, list(ids))

    async def get_user_follower_count(self, user_id: int) -> int:
        """See EntityMetrics.get_user_follower_count."""
        return await self._run(self._metrics.get_user_follower_count, user_id)

    async def get_user_rank(self, user_id: int) -> int | None:
        """See EntityMetrics.get_user_rank."""
        return await self._run(self._metrics.get_user_rank, user_id)

    async def calculate_engagement_score(self, user_id: int, *window: Any) -> float:
        """See EntityMetrics.calculate_engagement_score."""
        return await self._run(self._metrics.calculate_engagement_score, user_id, *window)

    async def get_reactions(self, user_id: int, image_ids: Iterable[int]) -> dict[int, int]:
        """See EntityMetrics.get_reactions."""
        return await self._run(self._metrics.get_reactions, user_id, list(image_ids))

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False)
