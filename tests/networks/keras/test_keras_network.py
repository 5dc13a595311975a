"""Which chains of Keras layers have an equal here, and the line that refuses the others."""

from __future__ import annotations

import numpy as np
import pytest

from bioseqrnn.networks.keras.files import KerasLayer
from bioseqrnn.networks.keras.graph import in_order
from bioseqrnn.networks.keras.network import read_network
from bioseqrnn.support.errors import InputError

X, U = 4, 3
COLUMNS = {"SimpleRNN": U, "GRU": 3 * U, "LSTM": 4 * U}
BASE = {"activation": "tanh", "go_backwards": False, "stateful": False, "use_bias": True}


def recurrent(kind, inputs=X, *, sequences=False, both=False, units=U, name="r", **settings):
    config = BASE | {"name": name, "return_sequences": sequences}
    config |= {} if kind == "SimpleRNN" else {"recurrent_activation": "sigmoid"}
    config |= {"reset_after": True} if kind == "GRU" else {}
    config |= settings
    columns = COLUMNS[kind] // U * units
    bias = np.ones((2, columns)) if kind == "GRU" else np.ones(columns)
    weights = [np.ones((inputs, columns)), np.ones((units, columns)), bias]
    if not both:
        return KerasLayer(kind, name, config, weights)
    inner = {"layer": {"class_name": kind, "config": config}, "merge_mode": "concat"}
    return KerasLayer("Bidirectional", name, inner, weights * 2)


def layer(kind, **config):
    return KerasLayer(kind, kind.lower(), {"name": kind.lower()} | config, [])


def dense(features, units=2, activation="softmax", *, bias=True):
    config = {"name": "d", "activation": activation, "use_bias": bias}
    weights = [np.arange(features * units, dtype=float).reshape(features, units)]
    return KerasLayer("Dense", "d", config, [*weights, np.full(units, 7.0)] if bias else weights)


def bidirectional(**changes):
    whole = recurrent("GRU", both=True)
    return KerasLayer(whole.kind, "r", whole.config | changes, whole.weights)


LAST = [recurrent("GRU"), dense(U)]


def test_what_only_trains_is_passed_over():
    plain = read_network(LAST)
    kinds = ("InputLayer", "Dropout", "SpatialDropout1D", "GaussianNoise")
    padded = [layer(kind) for kind in kinds] + [
        LAST[0],
        layer("Dropout"),
        LAST[1],
        layer("Dropout"),
    ]
    assert read_network(padded).config == plain.config
    assert plain.config.stem_filters == plain.config.positions == 0
    assert plain.config.pooling == ["last"]


def test_one_sigmoid_unit_becomes_two_classes():
    found = read_network([recurrent("LSTM"), dense(U, 1, "sigmoid")])
    assert found.binary
    np.testing.assert_array_equal(found.state["head.weight"], [[0, 0, 0], [0, 1, 2]])
    np.testing.assert_array_equal(found.state["head.bias"], [0, 7])


def test_a_head_without_bias():
    found = read_network([recurrent("LSTM"), dense(U, bias=False)])
    np.testing.assert_array_equal(found.state["head.bias"], [0, 0])


@pytest.mark.parametrize(("units", "binary"), [(1, True), (3, False)])
def test_logits_are_taken_when_said(units, binary):
    chain = [recurrent("GRU"), dense(U, units, "linear")]
    assert read_network(chain, logits=True).binary == binary
    with pytest.raises(InputError, match="add --logits"):
        read_network(chain)


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_an_activation_of_its_own(activation):
    units = 1 if activation == "sigmoid" else 3
    head = [dense(U, units, "linear"), layer("Activation", activation=activation)]
    found = read_network([recurrent("GRU"), *head])
    assert found.binary == (units == 1)


def test_a_softmax_layer():
    found = read_network([recurrent("GRU"), dense(U, 3, "linear"), layer("Softmax")])
    assert len(found.state["head.bias"]) == 3


def test_an_embedding_is_a_product():
    table = np.arange(5 * X, dtype=float).reshape(5, X)
    front = KerasLayer("Embedding", "e", {"name": "e", "mask_zero": True}, [table])
    found = read_network([front, recurrent("GRU", both=True), dense(2 * U)])
    assert (found.columns, found.masked) == (5, True)
    for suffix in ("", "_reverse"):
        weight = found.state[f"recurrent.weight_ih_l0{suffix}"]
        np.testing.assert_array_equal(weight, np.ones((3 * U, X)) @ table.T)


SEQUENCES = recurrent("GRU", sequences=True)
REFUSED = {
    "relu": ([recurrent("SimpleRNN", activation="relu"), dense(U)], "activation=relu"),
    "hard sigmoid": (
        [recurrent("LSTM", recurrent_activation="hard_sigmoid"), dense(U)],
        r"recurrent_activation=hard_sigmoid is not supported \(must be sigmoid\)",
    ),
    "reset before": ([recurrent("GRU", reset_after=False), dense(U)], "reset_after=False"),
    "backwards": ([recurrent("GRU", go_backwards=True), dense(U)], "go_backwards=True"),
    "stateful": ([recurrent("GRU", stateful=True), dense(U)], "stateful=True"),
    "state": ([recurrent("GRU", return_state=True), dense(U)], "return_state=True"),
    "time first": ([recurrent("GRU", time_major=True), dense(U)], "time_major=True"),
    "sum": ([bidirectional(merge_mode="sum"), dense(U)], "merge_mode=sum"),
    "both forward": (
        [bidirectional(backward_layer=bidirectional().config["layer"]), dense(2 * U)],
        r"go_backwards=False is not supported \(must be True\)",
    ),
    "wrapped": (
        [bidirectional(layer={"class_name": "ConvLSTM1D", "config": {}}), dense(U)],
        r"'r' \(ConvLSTM1D\)",
    ),
    "other units": (
        [SEQUENCES, recurrent("GRU", U, units=2, name="s"), dense(2)], "layer 's' differs",
    ),
    "other cell": ([SEQUENCES, recurrent("LSTM", U, name="s"), dense(U)], "layer 's' differs"),
    "other direction": (
        [SEQUENCES, recurrent("GRU", U, both=True, name="s"), dense(U)], "layer 's' differs",
    ),
    "convolution": (
        [layer("Conv1D"), *LAST], r"'conv1d' \(Conv1D\) was found instead of a recurrent",
    ),
    "no recurrence": ([dense(4)], r"'d' \(Dense\) was found instead of a recurrent"),
    "nothing": ([], "nothing was found instead of a recurrent"),
    "reads a state": ([LAST[0], recurrent("GRU", U, name="s"), dense(U)], "layer 's' reads"),
    "no pooling": ([SEQUENCES, dense(U)], r"'d' \(Dense\) follows a recurrent layer with"),
    "flattened": ([SEQUENCES, layer("Flatten"), dense(U)], r"\(Flatten\) follows"),
    "pooled state": ([recurrent("GRU"), layer("GlobalMaxPooling1D"), dense(U)], "pools a single"),
    "channels first": (
        [SEQUENCES, layer("GlobalMaxPooling1D", data_format="channels_first"), dense(U)],
        "data_format=channels_first",
    ),
    "masked maximum": (
        [layer("Masking"), SEQUENCES, layer("GlobalMaxPooling1D"), dense(U)], "ignores the mask",
    ),
    "two heads": ([recurrent("GRU"), dense(U, 5), dense(5)], r"'d' \(Dense\) follows the Dense"),
    "no head": ([recurrent("GRU")], "the end of the model was found instead of the Dense"),
    "ends in positions": ([SEQUENCES], "the end of the model follows"),
    "several sigmoids": ([recurrent("GRU"), dense(U, 3, "sigmoid")], "3 units with sigmoid"),
    "one softmax": ([recurrent("GRU"), dense(U, 1)], "1 units with softmax"),
    "relu head": ([recurrent("GRU"), dense(U, 2, "relu")], "2 units with relu"),
    "quantised": (
        [KerasLayer("GRU", "q", LAST[0].config, [w.astype(np.int8) for w in LAST[0].weights])],
        r"'q' \(GRU\): 3 arrays of floats are needed, but the file has 3 \(int8",
    ),
    "diverged": (
        [KerasLayer("GRU", "q", LAST[0].config, [w * np.inf for w in LAST[0].weights])],
        r"'q' \(GRU\): a weight is infinite or not a number",
    ),
    "no weights": ([KerasLayer("GRU", "q", LAST[0].config, [])], "the file has 0 .none"),
}  # fmt: skip


@pytest.mark.parametrize(("chain", "said"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_equal_is_named_in_one_line(chain, said):
    with pytest.raises(InputError, match=said) as caught:
        read_network(chain)
    assert "\n" not in str(caught.value)


def test_a_mask_before_a_mean_is_heeded():
    found = read_network([layer("Masking"), SEQUENCES, layer("GlobalAveragePooling1D"), dense(U)])
    assert found.masked
    assert found.config.pooling == ["mean"]


def tensor(name):
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}}


def node(*sources, **kwargs):
    return [{"args": list(sources), "kwargs": kwargs}]


def functional(outputs=("c", 0, 0), **layers):
    """Layers a, b, c by their nodes; ``i`` is the input, ``a`` an embedding."""
    entries = [{"class_name": "InputLayer", "config": {"name": "i"}, "inbound_nodes": []}]
    for name, nodes in layers.items():
        kind = {"mask": "NotEqual", "a": "Embedding"}.get(name, "Dense")
        config = {"mask_zero": name == "a"} | ({} if name == "mask" else {"name": name})
        entry = {"class_name": kind, "config": config, "inbound_nodes": nodes}
        entries.append(entry | ({"name": name} if name == "mask" else {}))
    return {
        "class_name": "Functional", "config": {"layers": entries, "output_layers": list(outputs)}
    }  # fmt: skip


def names(model):
    return [entry["config"]["name"] for entry in in_order(model)]


def test_a_functional_chain_is_followed_whatever_the_order():
    model = functional(
        c=node(tensor("b")), a=node(tensor("i")), b=node(tensor("a"), training=False)
    )
    assert names(model) == ["i", "a", "b", "c"]


def test_a_mask_is_no_input():
    model = functional(
        a=node(tensor("i")), mask=node(tensor("i"), 0), c=node(tensor("a"), mask=tensor("mask"))
    )
    assert names(model) == ["i", "a", "c"]


def test_keras_2_writes_nodes_as_lists():
    model = functional([["c", 0, 0]], a=[[["i", 0, 0, {}]]], c=[[["a", 0, 0, {"training": False}]]])
    assert names(model) == ["i", "a", "c"]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (functional(c=node([tensor("i"), tensor("i")])), "'c' has several inputs"),
        (functional(c=node(tensor("i"), state=tensor("i"))), "'c' has several inputs"),
        (functional(c=[[["i", 0, 0, {}], ["i", 0, 0, {}]]]), "'c' has several inputs"),
        (functional(c=[[["i", 0, 0, {"state": ["i", 0, 0]}]]]), "'c' has several inputs"),
        (functional(c=node(tensor("i")) * 2), "'c' is used 2 times"),
        (functional(c=node(tensor("i")), b=node(tensor("i"))), "'b' is not in the chain"),
        (functional([["c", 0, 0], ["i", 0, 0]], c=node(tensor("i"))), "2 outputs"),
        (functional(c=node(tensor("c"))), "one chain"),
        (
            functional(
                mask=node(tensor("i"), 0),
                b=node(tensor("i")),
                c=node(tensor("b"), mask=tensor("mask")),
            ),
            "its own mask",
        ),
        ({"class_name": "MyModel", "config": {"units": 3}}, "MyModel has no list"),
    ],
)
def test_other_graphs_are_refused(model, said):
    with pytest.raises(InputError, match=said):
        in_order(model)
