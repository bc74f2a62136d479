"""The worker: the one place that runs durable work. It delivers, keeps the schedules, and takes over from dead workers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from sales_operations.domain.errors import StoreError
from sales_operations.effects import delivery, outbox, schedules
from sales_operations.effects.delivery import Room
from sales_operations.effects.liveness import BEAT_SECONDS, Presence
from sales_operations.effects.schedules import Schedule
from sales_operations.effects.waiting import hand_over, number_waiting, take_back
from sales_operations.store import durable
from sales_operations.store.engine import reading

AT_ONCE = 8
"""Batches by one channel that a worker delivers at the same time, where nothing else is said."""
_POLL_SECONDS = 0.1
_ROUND_SECONDS = 1.0
_ROUND_SECONDS_ONCE = 0.1
_TAKE_BACK_SECONDS = 30
_CHANNELS_AT_ONCE = 8
"""Channels that may be busy at the same time with all their batches."""
_GRACE_SECONDS = 20
"""How long a worker that is stopped waits for what it has in hand."""
_TURN = threading.Lock()
"""DBOS runs once in a process."""


@dataclass
class Tally:
    """What a worker did: letters by how they ended, and schedules by name. ``waiting``: deliveries that are still to be made."""

    delivered: int = 0
    delayed: int = 0
    undeliverable: int = 0
    waiting: int = 0
    schedules: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


class Worker:
    """Runs durable work of one store until it is stopped, or until nothing is due."""

    def __init__(
        self,
        room: Room,
        url: URL,
        plans: list[Schedule],
        zone: str,
        at_once: int = AT_ONCE,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``zone``: the company's time zone; ``at_once``: batches by one channel; ``tell`` hears what goes wrong."""
        self._room = room
        self._url = url
        self._plans = {plan.name: plan for plan in plans}
        self._zone = zone
        self._at_once = at_once
        self._tell = tell
        self._outbox = durable.Outbox(room.engine)
        self._presence = Presence(room.engine)
        self._counting = threading.Lock()
        self._tally = Tally()

    def run(self, *, once: bool, stop: threading.Event) -> Tally:
        """Work until ``stop`` is set; with ``once``, until nothing is due and nothing is in hand."""
        with _TURN:
            engine = durable.open_durable(self._url)
            self._presence.enter()
            try:
                self._launch(engine)
                self._rounds(once, stop)
            finally:
                self._shut_down()
                engine.dispose()
        with reading(self._room.engine) as connection:
            self._tally.waiting = number_waiting(connection)
        return self._tally

    def _launch(self, engine: Engine) -> None:
        durable.hush()
        from dbos import DBOS, DBOSConfig

        DBOS(
            config=DBOSConfig(
                name=durable.APPLICATION,
                system_database_engine=engine,
                dbos_system_schema=durable.SCHEMA,
                serializer=durable.serializer(),
                application_version=durable.VERSION,
                executor_id=self._presence.id,
                use_listen_notify=False,
                run_migrations=False,
                log_level="CRITICAL",
            )
        )
        durable.hush()

        @DBOS.workflow(name=outbox.DELIVER, max_recovery_attempts=None)
        def _deliver(batch_id: str) -> None:
            self._deliver(batch_id)

        @DBOS.workflow(name=schedules.SCHEDULED, max_recovery_attempts=None)
        def _scheduled(identity: str) -> None:
            self._run_schedule(identity)

        DBOS.launch()
        DBOS.register_queue(
            outbox.QUEUE,
            partition_worker_concurrency=self._at_once,
            worker_concurrency=self._at_once * _CHANNELS_AT_ONCE,
            polling_interval_sec=_POLL_SECONDS,
            on_conflict="always_update",
        )
        DBOS.register_queue(
            schedules.QUEUE, worker_concurrency=4, polling_interval_sec=_POLL_SECONDS, on_conflict="always_update"
        )

    def _rounds(self, once: bool, stop: threading.Event) -> None:
        beaten = taken_back = 0.0
        while not stop.is_set():
            now = time.monotonic()
            if now - beaten >= BEAT_SECONDS or not beaten:
                beaten = now
                self._presence.beat()
                self._take_over()
            if now - taken_back >= _TAKE_BACK_SECONDS or not taken_back:
                taken_back = now
                take_back(self._room.engine)
            new = self._take_up()
            new += hand_over(self._room.engine, self._outbox, self._room.now)
            if once and not new:
                with reading(self._room.engine) as connection:
                    if not durable.waiting(connection, self._presence.id):
                        return
            stop.wait(_ROUND_SECONDS_ONCE if once else _ROUND_SECONDS)

    def _take_over(self) -> None:
        """Enqueue again what dead workers had in hand."""
        from dbos import DBOS

        for worker in self._presence.dead():
            DBOS._recover_pending_workflows([worker])
            self._presence.leave(worker)

    def _take_up(self) -> int:
        plans = list(self._plans.values())
        return len(schedules.take_up(self._room.engine, self._outbox, plans, self._room.now, self._zone))

    def _shut_down(self) -> None:
        from dbos import DBOS

        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=0 if self._idle() else _GRACE_SECONDS)
        if self._idle():
            self._presence.leave()  # else it stays listed, and whoever finds it dead takes over what it had in hand

    def _idle(self) -> bool:
        """Whether nothing is in hand; where the store cannot be asked, it may be."""
        try:
            with reading(self._room.engine) as connection:
                return not durable.in_hand(connection, self._presence.id)
        except StoreError:
            return False

    def _deliver(self, batch_id: str) -> None:
        counts = delivery.deliver(self._room, batch_id)
        with self._counting:
            self._tally.delivered += counts["delivered"]
            self._tally.delayed += counts["delayed"]
            self._tally.undeliverable += counts["undeliverable"]

    def _run_schedule(self, identity: str) -> None:
        name = identity.split()[0]
        plan = self._plans.get(name)
        if plan is None:
            return  # a schedule of an older program
        try:
            number = plan.work()
        except Exception as error:  # one schedule that fails must not end the worker; its next time comes
            self._tell(f"schedule {name}: {error}")
            with self._counting:
                self._tally.failed[name] = str(error)
        else:
            with self._counting:
                self._tally.schedules[name] = self._tally.schedules.get(name, 0) + number
