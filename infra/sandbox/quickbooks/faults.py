"""QuickBooks' faults: codes with their messages, and the three shapes in which they travel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from infra.sandbox.kernel.wire import dumps

STALE = (
    "Stale Object Error : You and root were working on this at the same time. root finished before you did, "
    "so your work was not saved."
)
INACTIVE = (
    "Object Not Found : Something you're trying to use has been made inactive. Check the fields with accounts, "
    "customers, items, vendors or employees."
)
DELETED = "Object Not Found : Another user has deleted this transaction."
CLOSED = (
    "The account period has closed and the account books cannot be updated through the QBO Services API. "
    "Please use the QBO website to make these changes."
)
DEPOSITED = (
    "This transaction has been deposited. If you want to change or delete it, you must edit the deposit it appears on "
    "and remove it first."
)
APPLICATION_ERROR = "An application error has occurred while processing your request"

# Code -> Message (Intuit: error codes); the documented meaning where Intuit's own words are not published.
MESSAGES: Mapping[str, str] = {
    "140": "Company Locked",
    "150": "Company Under Maintenance",
    "500": "Unsupported Operation",
    "600": "Duplicate Request ID",
    "610": "Object Not Found",
    "620": "Txn ID Cannot Be Linked",
    "800": "Dependencies Exist",
    "1040": "Batch Size Exceeded",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2050": "String length is either shorter or longer than supported by specification",
    "2090": "Invalid Number",
    "2130": "Invalid Request Id Format",
    "2170": "Invalid Enumeration",
    "2210": "Invalid Email Address",
    "2290": "Negative amounts aren't supported on transaction lines",
    "2300": "Debits and Credits Not Equal",
    "2500": "Invalid Reference Id",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "5010": "Stale Object Error",
    "5020": "Permission Denied",
    "5030": "Feature Not Supported",
    "6000": "A business validation error has occurred while processing your request",
    "6010": "Account Type or Account Sub Type Required",
    "6070": "Amount calculation incorrect in the request",
    "6080": "Name Required",
    "6090": "Discount Amount or Percent Required",
    "6100": "Invalid Tax Code",
    "6140": "Duplicate Document Number Error",
    "6170": "Tax Detail Not Allowed",
    "6190": "Invalid Company Status",
    "6200": "Account Period Closed",
    "6210": "Account Period Closed",
    "6220": "Customer Has Balance",
    "6240": "Duplicate Name Exists Error",
    "6270": "Transaction Date Before Inventory Start Date",
    "6280": "Customer Has Unbilled Charges",
    "6540": "Deposited Transaction cannot be changed",
    "10000": APPLICATION_ERROR,
}


@dataclass(frozen=True)
class Problem:
    """One entry of `Fault.Error`."""

    code: str
    detail: str
    element: str = ""

    @property
    def message(self) -> str:
        """The text that belongs to the code."""
        return MESSAGES.get(self.code, "Error")


class QuickBooksFaultError(Exception):
    """A request that QuickBooks refuses with a Fault of the normal shape."""

    def __init__(self, *problems: Problem, kind: str = "ValidationFault", status: int = 400) -> None:
        super().__init__("; ".join(f"{problem.code} {problem.detail}" for problem in problems))
        self.problems = problems
        self.kind = kind
        self.status = status

    def body(self) -> dict[str, Any]:
        """The Fault object, without the envelope."""
        errors = [
            {"Message": one.message, "Detail": one.detail, "code": one.code, "element": one.element}
            for one in self.problems
        ]
        return {"Error": errors, "type": self.kind}


def fault(code: str, detail: str = "", element: str = "") -> QuickBooksFaultError:
    """A ValidationFault with one error."""
    return QuickBooksFaultError(Problem(code, detail or MESSAGES.get(code, ""), element))


def missing(*names: str) -> QuickBooksFaultError:
    """2020, one error for each parameter."""
    return QuickBooksFaultError(
        *(Problem("2020", f"Required parameter {name} is missing in the request", name) for name in names)
    )


def business(text: str) -> QuickBooksFaultError:
    """6000 with a text for the user."""
    return fault("6000", f"Business Validation Error: {text}")


@dataclass(frozen=True)
class GatewayFault:
    """A refusal by the gateway in front of the API; its shapes are not those of the API (contract: gateway faults)."""

    status: int
    kind: str
    code: str
    message: str
    detail: str | None

    def json(self, epoch_ms: int) -> str:
        """The lower-case JSON form; `time` is a number."""
        error = {"message": self.message, "detail": self.detail, "code": self.code, "element": None}
        return dumps(
            {
                "warnings": None,
                "intuitObject": None,
                "fault": {"error": [error], "type": self.kind},
                "report": None,
                "queryResponse": None,
                "batchItemResponse": [],
                "attachableResponse": [],
                "syncErrorResponse": None,
                "requestId": None,
                "time": epoch_ms,
                "status": None,
                "cdcresponse": [],
            }
        )

    def xml(self, time: str) -> str:
        """The XML form, sent even when JSON was asked for."""
        detail = "" if self.detail is None else f"<Detail>{escape(self.detail)}</Detail>"
        error = f"<Error code={quoteattr(self.code)}><Message>{escape(self.message)}</Message>{detail}</Error>"
        return (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
            f'<IntuitResponse xmlns="http://schema.intuit.com/finance/v3" time={quoteattr(time)}>'
            f"<Fault type={quoteattr(self.kind)}>{error}</Fault></IntuitResponse>"
        )


def unauthenticated(detail: str) -> GatewayFault:
    """401: the access token is missing, unknown, expired or revoked."""
    return GatewayFault(
        401, "AUTHENTICATION", "3200", "message=AuthenticationFailed; errorCode=003200; statusCode=401", detail
    )


NOT_AUTHORIZED = GatewayFault(
    403, "SERVICE", "3100", "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403", None
)
WRONG_REALM = GatewayFault(
    401,
    "AuthenticationFault",
    "100",
    "General Authentication Error",
    "AuthenticationErrorGeneral: SRV-110-Authentication Failure , statusCode: 401",
)
THROTTLED = GatewayFault(
    429,
    "SERVICE",
    "3001",
    "message=ThrottleExceeded; errorCode=003001; statusCode=429",
    "The request limit was reached.  Try again later",
)
SYSTEM_FAULT = QuickBooksFaultError(Problem("10000", APPLICATION_ERROR), kind="SystemFault", status=500)
