"""A Prefect server within one process: deploy a scheduled flow, schedule once, read back. Run by test_guards.py.

Prints JSON: how many deployments the server lists, and how many flow runs it lists after one turn of its scheduler.
In a process of its own, so that the server's database and caches touch no other test.
"""

import asyncio
import json
import sys

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule
from prefect.server.api.server import create_app
from prefect.server.database import provide_database_interface
from prefect.server.services.scheduler import schedule_deployments


async def _schedule_once() -> dict[str, int]:
    await provide_database_interface().create_db()  # ahead of the server: its start-up has a time limit
    async with PrefectClient(create_app(ephemeral=True)) as client:
        flow = await client.create_flow_from_name("monthly")
        daily = DeploymentScheduleCreate(schedule=CronSchedule(cron="0 6 * * *", timezone="UTC"), active=True)
        await client.create_deployment(flow, "daily look", schedules=[daily])
        await schedule_deployments()
        return {
            "deployments": len(await client.read_deployments()),
            "flow_runs": len(await client.read_flow_runs()),
        }


if __name__ == "__main__":
    json.dump(asyncio.run(_schedule_once()), sys.stdout)
