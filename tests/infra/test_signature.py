"""Signatures of webhooks, against an example that others have published."""

from infra.http.signature import signed_headers


def test_a_message_is_signed_as_the_example_of_standard_webhooks_is() -> None:
    secret, other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx"
    message = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    example = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signed_headers([secret], *message) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": example,
    }
    first, second = signed_headers([other, secret], *message)["webhook-signature"].split()
    assert (first != example, second) == (True, example)
