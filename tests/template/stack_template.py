"""template.yaml as data for tests, with CloudFormation's short functions in their long form."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from infra.local.paths import TEMPLATE

FUNCTION = "AWS::Serverless::Function"
QUEUE = "AWS::SQS::Queue"
ROLE = "AWS::IAM::Role"


class _Loader(yaml.SafeLoader):
    pass


def _long_form(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.ScalarNode)
        value = loader.construct_scalar(node)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".")
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _long_form)


def loaded(text: str) -> dict[str, Any]:
    """A template of this text."""
    content: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    return content


@cache
def template() -> dict[str, Any]:
    """The whole template."""
    return loaded(TEMPLATE.read_text(encoding="utf-8"))


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of every resource of a type, by name."""
    return {name: one.get("Properties", {}) for name, one in template()["Resources"].items() if one["Type"] == kind}


def target(value: Any) -> str | None:
    """The resource that a Ref or GetAtt speaks of."""
    match value:
        case {"Ref": name} | {"Fn::GetAtt": [name, *_]}:
            return str(name)
    return None


def mentioned(value: Any) -> Iterator[str]:
    """Every name that a value refers to, at any depth; in Fn::Sub too."""
    if isinstance(value, Mapping):
        if (name := target(value)) is not None:
            yield name
        if "Fn::Sub" in value:
            text = value["Fn::Sub"] if isinstance(value["Fn::Sub"], str) else value["Fn::Sub"][0]
            yield from (piece.split("}")[0].split(".")[0] for piece in text.split("${")[1:])
        if isinstance(value.get("Condition"), str):
            yield value["Condition"]
        for inner in value.values():
            yield from mentioned(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from mentioned(inner)


def environment(function: str) -> dict[str, Any]:
    """The environment variables of a function, the common ones included."""
    common = template()["Globals"]["Function"]["Environment"]["Variables"]
    return {**common, **of_type(FUNCTION)[function]["Environment"]["Variables"]}


def statements(role: str) -> list[dict[str, Any]]:
    """The statements of all policies of a role, with lists of actions and resources."""
    found = []
    for policy in of_type(ROLE)[role]["Policies"]:
        for one in policy["PolicyDocument"]["Statement"]:
            lists = {key: one[key] if isinstance(one[key], list) else [one[key]] for key in ("Action", "Resource")}
            found.append({**one, **lists})
    return found


def role_of(function: str) -> str:
    """The role that a function runs under."""
    name = target(of_type(FUNCTION)[function]["Role"])
    assert name is not None
    return name


def granted(role: str) -> set[tuple[str, str]]:
    """(action, resource name) pairs that a role may use."""
    return {
        (action, name)
        for one in statements(role)
        for action in one["Action"]
        for resource in one["Resource"]
        for name in mentioned(resource)
    }
