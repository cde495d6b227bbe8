"""Every URL. Who may open which is in access.py."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from dashboard.views import (
    actions,
    arn,
    audit,
    bulk,
    checkpoints,
    compare,
    connections,
    execution,
    executions,
    functions,
    health,
    history,
    inbox,
    live,
    overview,
    payloads,
    styleguide,
)

ONE = "executions/<int:execution_id>/"

urlpatterns = [
    path("", overview.page, name="overview"),
    path("shell/", overview.shell, name="shell"),
    path("overview/numbers/", overview.numbers, name="overview-numbers"),
    path("connections/", connections.page, name="connections"),
    path("functions/", functions.index, name="functions"),
    path("functions/<int:function_id>/", functions.page, name="function"),
    path("executions/", executions.page, name="executions"),
    path("executions/table/", executions.table, name="executions-table"),
    path("live/", live.everything, name="live"),
    path("arn/<path:text>", arn.open_execution, name="arn"),
    path(ONE, execution.page, name="execution"),
    path(ONE + "head/", execution.head, name="execution-head"),
    path(ONE + "timeline/", execution.timeline, name="execution-timeline"),
    path(ONE + "rows/", execution.rows, name="execution-rows"),
    path(ONE + "operations/<str:operation_id>/", execution.operation, name="execution-operation"),
    path(ONE + "history/", history.page, name="execution-history"),
    path(ONE + "events/<int:event_id>/", history.event, name="execution-event"),
    path(ONE + "events/<int:event_id>/payload/", payloads.download, name="execution-payload"),
    path(ONE + "checkpoints/", checkpoints.page, name="execution-checkpoints"),
    path(ONE + "diff/", payloads.difference, name="execution-diff"),
    path(ONE + "compare/", compare.choose, name="execution-compare-with"),
    path(ONE + "compare/<int:other_id>/", compare.page, name="execution-compare"),
    path(ONE + "compare/<int:other_id>/rows/", compare.rows, name="execution-compare-rows"),
    path(ONE + "compare/<int:other_id>/payloads/", compare.payloads, name="execution-compare-payloads"),
    path(ONE + "payloads/", payloads.page, name="execution-payloads"),
    path(ONE + "history.json", history.as_json, name="history-json"),
    path(ONE + "live/", live.one_execution, name="execution-live"),
    path(ONE + "stop/", actions.stop, name="stop"),
    path(ONE + "pause/", actions.pause, name="pause"),
    path(ONE + "resume/", actions.resume, name="resume"),
    path(ONE + "delete/", actions.delete, name="delete"),
    path(ONE + "callbacks/<int:callback_id>/succeed/", actions.succeed, name="callback-succeed"),
    path(ONE + "callbacks/<int:callback_id>/fail/", actions.fail, name="callback-fail"),
    path(ONE + "callbacks/<int:callback_id>/heartbeat/", actions.heartbeat, name="callback-heartbeat"),
    path("bulk/", bulk.index, name="bulks"),
    path("bulk/new/", bulk.new, name="bulk-new"),
    path("bulk/<int:bulk_id>/", bulk.page, name="bulk"),
    path("bulk/<int:bulk_id>/progress/", bulk.progress, name="bulk-progress"),
    path("bulk/<int:bulk_id>/stop/", bulk.stop, name="bulk-stop"),
    path("bulk/<int:bulk_id>/again/", bulk.again, name="bulk-again"),
    path("inbox/", inbox.page, name="inbox"),
    path("audit/", audit.page, name="audit"),
    path("login/", LoginView.as_view(template_name="login.html", redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("styleguide/", styleguide.page, name="styleguide"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
handler400 = "dashboard.views.errors.bad_request"
handler403 = "dashboard.views.errors.forbidden"
handler404 = "dashboard.views.errors.not_found"
handler500 = "dashboard.views.errors.server_error"
