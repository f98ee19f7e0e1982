"""A part of a screen that draws itself anew every few seconds, while the person goes on to another screen."""

from __future__ import annotations

from playwright.sync_api import Browser, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


def test_a_late_request_of_the_screen_before_does_not_empty_the_new_one(app: str, browser: Browser) -> None:
    """A request of the sidebar's timer leaves the first screen in time and arrives when the second has been drawn."""
    page = browser.new_page(base_url=app)
    held: list[bytes] = []
    servers: list[WebSocketRoute] = []
    finished: list[ForwardMsg] = []

    def carry(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        servers.append(server)

        def send(message: str | bytes) -> None:
            assert isinstance(message, bytes)
            request = BackMsg.FromString(message)
            late = request.HasField("rerun_script") and request.rerun_script.is_auto_rerun and not held
            held.append(message) if late else server.send(message)

        def receive(message: str | bytes) -> None:
            assert isinstance(message, bytes)
            told = ForwardMsg.FromString(message)
            if told.HasField("script_finished"):
                finished.append(told)
            socket.send(message)

        socket.on_message(send)
        server.on_message(receive)

    page.route_web_socket("**/_stcore/stream", carry)
    page.goto("/runs")
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible(timeout=60_000)
    while not held:
        page.wait_for_timeout(100)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Corpora").click()
    heading = page.get_by_role("heading", name="Corpora", exact=True)
    expect(heading).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    runs = len(finished)
    servers[-1].send(held[0])
    while len(finished) == runs:
        page.wait_for_timeout(100)
    expect(heading).to_be_visible()
    expect(page).to_have_url(f"{app}/corpora")
    page.close()
