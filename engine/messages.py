"""Every sentence the engine can say, by code, in English. The GUI translates the templates."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from engine.network.problem import Problem

#: A name from a file may be 10,000 characters long; this much of it is shown.
LONGEST_SHOWN = 80

MESSAGES: Mapping[str, str] = {
    # Edits
    "duplicate_id": "There is already a node with the id {id}.",
    "missing_node": "There is no node {id} here any more.",
    "no_such_port": "{node} has no port named {port}.",
    "other_block": "{source} and {target} do not lie in the same block. Give the block a port, and "
    "link to that from outside and inside.",
    "not_a_block": "{node} is no block: nothing can lie in it.",
    "already_linked": "{source} and {target} are linked already.",
    "would_cycle": "A link from {source} to {target} would close a loop: data would have to be there "
    "before it was computed. Link towards the output instead.",
    "missing_link": "This link is gone.",
    "cannot_insert": "{node} cannot be put into a link: it needs an input and an output.",
    # The clipboard
    "no_fragment": "There are no nodes on the clipboard. Copy some first.",
    "bad_fragment": "The nodes on the clipboard cannot be pasted. {place}: {reason}",
    "only_in_a_block": "The ports of a block can be pasted inside a block only.",
    "too_many_nodes": "The network would have {count} nodes; a file holds {limit}.",
    # The library
    "not_a_block_file": "{file} holds no block. Choose a file that was saved by Backlit's library.",
    "bad_block_file": "The block in {file} cannot be used. {place}: {reason}",
    "unreadable_block_file": "{file} cannot be read: {reason}",
    # Parameters
    "parameter_not_int": "{parameter} of {node} must be a whole number, not {value}.",
    "parameter_not_float": "{parameter} of {node} must be a number, not {value}.",
    "parameter_not_bool": "{parameter} of {node} must be true or false, not {value}.",
    "parameter_not_size": "{parameter} of {node} must be a whole number, or two of them for height "
    "and width, not {value}.",
    "parameter_not_shape": "{parameter} of {node} must be one to six whole numbers, such as "
    "1, 28, 28, not {value}.",
    "parameter_not_floats": "{parameter} of {node} must be one or more numbers, such as 0.9, 0.999, "
    "not {value}.",
    "parameter_not_text": "{parameter} of {node} must be a text, not {value}.",
    "parameter_not_choice": "{parameter} of {node} is {value}; it can be {choices}.",
    "parameter_out_of_range": "{parameter} of {node} is {value}; it can be {minimum} to {maximum}.",
    # Shapes
    "unknown_kind": "{node} is a layer that this version does not know ({kind}). It is kept as it "
    "is; to train, replace it or open the file in a newer version.",
    "input_missing": "{node} has no input yet. Drag a line to the dot on its upper edge from the dot "
    "below an earlier node.",
    "port_missing": "{node} has no {port} yet. Drag a line to its dot {port} from the dot below an "
    "earlier node.",
    "needs_whole_numbers": "{node} looks up whole numbers, such as those of words, but {cause} gives "
    "fractions. Set dtype of the Input to int64, or leave {node} out.",
    "needs_fractions": "{node} calculates with fractions, but {cause} gives whole numbers. Put an "
    "Embedding between them, or set dtype of the Input to float32.",
    "too_many_copies": "With all copies of its blocks the network has {count} nodes; {limit} can be "
    "computed. Make repeat of {node} smaller.",
    "repeat_needs_ports": "{node} is repeated, so each copy has to feed the next: give it an input and "
    "an output port, or set repeat to 1.",
    "other_blocks": "Only nodes that lie side by side can become one block.",
    "port_in_block": "The ports of a block belong to it: leave them out of the new block.",
    "block_would_cycle": "These nodes cannot become one block: a way leaves them and comes back, so "
    "the block would feed itself. Take the nodes in between as well.",
    "port_outside": "{node} is the port of a block: it can be put inside a block only.",
    "ungroup_links_twice": "Without this block {target} would take {source} twice, through one port "
    "each time, and a link can be drawn only once. Free one of the ports first.",
    "no_such_parameter": "{node} has no parameter named {parameter}.",
    "not_raised": "{node} shows no parameter named {parameter}.",
    "raised_unlike": "{parameter} of {node} and {other_parameter} of {other} take different kinds of "
    "values: they cannot be set together.",
    "too_deep": "Blocks can lie {limit} deep within each other, not deeper.",
    "cycle": "Data runs in a circle here: {names}. Delete one of these links.",
    "wrong_axes": "{node} needs {needed} axes, {expected}, but receives {found}: {received}. The "
    "number of axes comes from {cause}.",
    "image_was_flattened": "{node} needs an image with {needed} axes, {expected}, but {cause} has "
    "already laid the image out in one row with {found}: {received}. Put {node} before {cause}.",
    "window_too_large": "{node} looks through a window with a {axis} of {span}, but the image that "
    "reaches it has, padding included, a {axis} of only {size}. {cause} made it that small. Use a "
    "smaller kernel_size or more padding here, or shrink the image less in {cause}.",
    "window_larger_than_image": "{node} looks through a window with a {axis} of {span}, but the image "
    "has, padding included, a {axis} of only {size}. Use a smaller kernel_size or more padding.",
    "padding_too_large": "{node} has a padding of {padding} on the {axis}; with a window of {span} it "
    "can be at most {most}.",
    "groups_do_not_divide": "{node} splits its channels into {groups} groups, but the {inputs} "
    "channels that {cause} gives it cannot be divided by {groups}.",
    "groups_do_not_divide_output": "{node} splits its channels into {groups} groups, but its {outputs} "
    "out_channels cannot be divided by {groups}.",
    "branches_do_not_add": "{node} adds element by element, so the {axis} of its inputs must agree: "
    "{first_size} of {first} against {second_size} of {second} ({first_shape} and {second_shape}). "
    "{cause} decided on the {second_size}.",
    "branches_do_not_join": "{node} joins along axis {dim}, so the {axis} of its inputs must agree: "
    "{first_size} of {first} against {second_size} of {second} ({first_shape} and {second_shape}). "
    "{cause} decided on the {second_size}.",
    "branches_have_other_axes": "{node} needs inputs with equally many axes: {first} gives "
    "{first_shape}, {second} gives {second_shape}. The number of axes comes from {cause}.",
    "heads_do_not_divide": "{node} splits the feature axis into {heads} heads, but the {size} features "
    "that {cause} gives it cannot be divided by {heads}.",
    "attention_unlike": "{node} compares {port} with {other}, so their {axis} axes must agree: {size} "
    "of {port} against {expected} of {other}. {cause} decided on the {size}.",
    "sequence_too_long": "{node} has a vector for each of {most} places, but the time axis that "
    "{cause} gives it has {size}. Make max_length larger.",
    "no_such_axis": "{parameter} of {node} is {value}, but its input, {received}, has {axes} axes, "
    "numbered 0 to {last}.",
    "axes_in_wrong_order": "{node} would end at axis {end} before it starts at axis {start}: make "
    "start_dim smaller than end_dim.",
    "batch_axis": "{node} works on axis 0, which is the batch: samples would be mixed with each "
    "other. Axis 1 is the first of a sample.",
    "torch_refused": "{node} cannot compute with this input. PyTorch says: {reason}",
    "layer_too_large": "{node} would have {count} parameters, {gib} GiB of memory. Make it smaller.",
    # Before training
    "no_input": "The network has no Input. Drag one from the palette.",
    "several_inputs": "There are several Inputs ({names}), but the data has one. Delete the others.",
    "no_output": "Nothing follows the Input yet. Drag layers from the palette and link them.",
    "several_outputs": "The network has several ends ({names}), but the recipe's loss is computed from "
    "one. Link them together, delete what is not needed, or give each a loss of its own (Training).",
    "output_unlike_target": "{node} gives {received}, but its loss compares it with {needed}. Make "
    "them agree, or choose another loss.",
    "input_unlike_data": "The {axis} of {node} is {size}, that of a sample of {data} is {needed}: "
    "{received} against {expected}. Set its shape to that.",
    "input_kind_unlike_data": "{node} takes whole numbers, such as those of words, but {data} gives "
    "fractions: this network cannot be trained on it. To use it all the same, set dtype of {node} to "
    "float32.",
    "input_axes_unlike_data": "{node} has {found} axes, {received}, but a sample of {data} has "
    "{needed}: {expected}. Set its shape to that.",
    "output_not_one_row": "{node} gives {received}, but the loss needs one row of {classes} scores "
    "per sample: 2 axes, not {found}. Put a Flatten before {cause}.",
    "no_output_layer": "{node} gives {received}, but the loss needs one row of {classes} scores per "
    "sample: 2 axes, not {found}. Put a Flatten behind it and a Linear with {classes} outputs.",
    "outputs_unlike_classes": "{node} gives {outputs} scores per sample, but {data} has {classes} "
    "classes. {cause} decides that number: set it to {classes}.",
    "nothing_to_learn": "No layer of this network has parameters, so there is nothing to train. Add "
    "a Linear or Conv2d.",
    "weights_do_not_fit": "The stored {weight} of {node} is {received}, the network needs {expected}. "
    "It was not loaded; this layer starts with new numbers.",
    # Files, repaired
    "unknown_parameter": "{node} has a parameter {parameter} that this version does not know. It is "
    "kept in the file and ignored.",
    "position_moved": "{node} was too far away to be found; it was moved to the edge of the canvas.",
    "link_without_node": "A link from {source} to {target} was dropped: there is no node {id}.",
    "link_without_port": "A link from {source} to {target} was dropped: {node} has no port {port}.",
    "link_across_blocks": "A link from {source} to {target} was dropped: they do not lie in one block.",
    "not_in_block": "{node} was put beside the blocks: {block}, which it was to lie in, is none, or "
    "lies in itself or too deep.",
    "raised_without_node": "{node} showed a parameter of a node that does not lie in it; it shows "
    "it no longer.",
    "loose_port": "{node} is the port of a block, but lies in none: nothing runs through it.",
    "link_twice": "A second link from {source} to {target} was dropped: they are linked already.",
    "port_taken": "A second link from {source} into {target} was dropped: its port takes one.",
    "unknown_member": "{member} in the archive is nothing that this version knows. It is not kept when "
    "you save.",
    "weights_without_node": "The stored weight {weight} belongs to no node.",
    # Data
    "unknown_data": "This version has no data set named {name}. It knows: {known}.",
    "bad_data_setting": "{name}: {setting} cannot be {value}.",
    # Training
    "training_failed": "Training stopped: {reason}",
    "record_not_readable": "The curves of the run in {folder} cannot be read: {reason}. Delete the "
    "run, or bring its folder back from a copy.",
    "node_failed": "{node} failed at step {step}: {reason}",
    "one_value_to_normalize": "{node} normalizes over the samples of a batch and got a single one. Set "
    "batch_size, now {batch_size}, so that every batch has at least two, the last of an epoch as well.",
    "loss_weights": "{parameter} of the loss has {found} numbers; it takes {needed}, one a class.",
    "loss_not_finite": "The loss became {value} at step {step}. A smaller learning rate than "
    "{learning_rate} often helps.",
    "output_not_finite": "The loss became {value} at step {step}; the first node whose output is not "
    "a number is {node}. A smaller learning rate than {learning_rate} often helps.",
    "gradient_not_finite": "The loss became {value} after step {step}, where the gradient of {node} "
    "was the first that is not a number. The run stands before that step. A smaller learning rate than "
    "{learning_rate}, or clipping the gradient, often helps.",
    "out_of_memory": "Out of memory at step {step}: {reason}. Try a smaller batch size than "
    "{batch_size}.",
    "no_such_device": "This machine has no {device}. It has: {known}.",
    # Several processes
    "cannot_share_device": "{processes} processes of this machine cannot train on {device}: it has "
    "{gpus} GPUs. Start one process for each GPU, or train with --device cpu.",
    "cannot_shard": "The state of {optimizer} cannot be spread over processes: it looks at all "
    "parameters together. Train without --shard-optimizer, or choose another optimizer.",
    "process_lost": "Another process of this run has ended; this one cannot go on without it.",
    "no_checkpoints": "Checkpoints cannot be kept in {folder}: {reason}",
    "bad_checkpoint": "The checkpoints in {folder} cannot be read: {reason}",
    "checkpoint_of_another": "The checkpoint {folder} belongs to another network or recipe. Choose "
    "another folder with --checkpoints, or train without --resume.",
}

#: What a fix is called on its button, and what it changes.
FIXES: Mapping[str, tuple[str, str]] = {
    "set_parameter": (
        "Set {parameter} to {value}",
        "{parameter} of {node}: {before} → {value}. {node} then gives {shape}.",
    ),
    "set_parameter_of": (
        "{node}: {parameter} → {value}",
        "{parameter} of {node}: {before} → {value}. {node} then gives {shape}.",
    ),
    "set_parameters": ("Correct {names}", "{names} of {node} get the nearest values that can be."),
    "keep_size": (
        "Pad {names} to keep the size",
        "{names} get so much padding that the image stays as large as it is: {shape}.",
    ),
    "insert": ("Insert {kinds}", "{kinds} between {source} and {target}: {shape}."),
    "insert_after": (
        "Insert {kinds} after {source}",
        "{kinds} between {source} and {target}: {shape}.",
    ),
    "append": ("Add {kinds}", "{kinds} after {source}: {shape}."),
    "remove": ("Remove {node}", "{node} goes; {source} then leads to {targets}."),
    "remove_last": ("Remove {node}", "{node} goes; {source} is then the end."),
    "delete": ("Delete {names}", "{names} goes."),
    "move_behind": ("Move {node} behind {after}", "{node} then follows {after}: {shape}."),
    "connect": ("Link to {source}", "A line from {source} to {port} of {node}: it then gives {shape}."),
    "disconnect": ("Unlink {source} → {target}", "The line from {source} to {target} goes."),
    "add_input": ("Add an Input", "An Input for {data} above {node}: {shape}."),
    "keep_input": ("Keep only {node}", "{names} goes; what it fed is fed by {node}."),
    "keep_end": ("Delete {names}", "{names} goes; {node} is then the only end."),
}

_ASK = "Ask whoever made it for another copy."
_UNTOUCHED = "What was there before is untouched. "
_DAMAGED = "The file is damaged or was not made by Backlit. " + _ASK

#: What is wrong with a file, and the remedy.
FILE_MESSAGES: Mapping[str, tuple[str, str]] = {
    "cannot_read": ("cannot be read: {reason}.", "Check the name and your rights to it."),
    "changed_while_reading": (
        "another program changed it while it was read.",
        "Wait until that is done and open it again.",
    ),
    "cannot_write": ("cannot be written: {reason}.", _UNTOUCHED + "Save in another place."),
    "disk_full": (
        "cannot be written: {reason}.",
        _UNTOUCHED + "Free some space or save on another disk.",
    ),
    "not_allowed": (
        "cannot be written: {reason}.",
        _UNTOUCHED + "Save in a folder that is yours, or ask its owner for the right to write.",
    ),
    "read_only": (
        "the file is write-protected.",
        _UNTOUCHED + "Save under another name, or allow writing to it.",
    ),
    "folder_gone": (
        "cannot be written: {reason}.",
        "The folder is gone; bring it back or save in another place.",
    ),
    "cannot_delete": ("cannot be deleted: {reason}.", "Check your rights to it and to its folder."),
    "bundled": ("it came with the program and cannot be deleted.", "Leave it where it is."),
    "disk_changed_data": (
        "the disk gave back other bytes than were written.",
        _UNTOUCHED + "Save on another disk.",
    ),
    "saved_in_doubt": (
        "it is saved, but the disk reported an error afterwards: {reason}.",
        "Save a copy on another disk.",
    ),
    "cannot_store": (
        "cannot be saved: {reason}",
        _UNTOUCHED + "Correct or remove it, then save again.",
    ),
    "not_json": ("a value here cannot be stored: {reason}.", "Remove it."),
    "project_too_large": (
        "it would have {size} bytes, more than a file may have.",
        _UNTOUCHED + "Make the network smaller.",
    ),
    "not_a_file": ("this is no ordinary file.", "Choose a .backlit file."),
    "file_too_large": ("it has {size} bytes; {limit} are allowed.", _ASK),
    "empty_file": ("the file is empty.", _ASK),
    "not_a_zip": (
        "this is no Backlit network; it looks like {looks_like}.",
        "Choose a file that was saved by Backlit.",
    ),
    "cut_off": (
        "the end of the archive is not at byte {size}, where the file ends: it was cut off, or "
        "something was added.",
        "Copy or download it again, or ask whoever made it.",
    ),
    "damaged_zip": ("the archive cannot be read: {reason}.", _DAMAGED),
    "too_many_members": ("the archive has more than {limit} members.", _DAMAGED),
    "unsafe_name": ("the archive has a member with a name that is not allowed.", _DAMAGED),
    "member_twice": ("the archive has this member twice.", _DAMAGED),
    "member_not_a_file": ("this member is a link or a device.", _DAMAGED),
    "encrypted": ("this member is encrypted.", "Save it again without a password."),
    "unknown_packing": ("this member is packed by an unknown method ({method}).", _DAMAGED),
    "bomb": (
        "it would unpack from {packed} to {size} bytes, more than any network needs.",
        _DAMAGED,
    ),
    "no_project": ("the archive has no project.json; it has {found}.", _DAMAGED),
    "not_utf8": ("the text is not UTF-8.", _DAMAGED),
    "too_many_values": ("it has more values than any network needs.", _DAMAGED),
    "too_many": ("it has more than {limit} entries.", _DAMAGED),
    "missing_field": ("this field is missing.", _DAMAGED),
    "too_deep": ("brackets are nested more than {depth} deep.", _DAMAGED),
    "json_syntax": ("the text is not JSON here: {reason}.", _DAMAGED),
    "number_too_large": ("the number {number} is too large.", _DAMAGED),
    "not_finite": ("{number} is not a finite number.", _DAMAGED),
    "key_twice": ("the key {key} stands there twice.", _DAMAGED),
    "text_too_long": ("a text has {length} characters; {limit} are allowed.", _DAMAGED),
    "text_not_writable": ("a text has characters that cannot be stored.", _DAMAGED),
    "wrong_type": ("{expected} is needed, {found} was found.", _DAMAGED),
    "no_version": ("format_version is {found}; a whole number is needed.", _DAMAGED),
    "newer_version": (
        "it was saved in format version {found}; this program knows up to {known}.",
        "Open it with a newer Backlit.",
    ),
    "bad_old_version": ("it claims format version {version} but does not follow it.", _DAMAGED),
    "other_format": ("the format is {found}, not backlit.", _DAMAGED),
    "bad_value": ("{found} does not fit here: {reason}.", _DAMAGED),
    "id_twice": ("the node id {id} is used twice.", _DAMAGED),
    "damaged_state": (
        "the saved state cannot be read: {reason}.",
        "Go on from an earlier step.",
    ),
    "state_not_saved": (
        "the state of step {step} was not saved: {reason} {free} MB are free there.",
        "Training goes on, and earlier states are kept. Free some space, or check the disk.",
    ),
    "run_alive": (
        "this run is training right now{holder}.",
        "Stop it first, or wait until it is done.",
    ),
    "no_run": ("there is no run {id} in the history.", "It was deleted; choose another."),
    "history_failed": (
        "the history of runs cannot be used: {reason}.",
        "Close other programs that use it, and check the disk. Each run is also in its own folder.",
    ),
    "newer_history": (
        "the history of runs has version {found}; this program knows up to {known}.",
        "Use a newer Backlit.",
    ),
    "damaged_run": ("the record of the run cannot be read: {reason}.", "The run can be deleted."),
    "no_state": ("no state of step {step} is stored.", "Choose another step."),
    "damaged_weights": ("the stored weights cannot be read: {reason}.", _DAMAGED),
    "unknown_type": ("the type {type} is not supported; {known} are.", _ASK),
}


def sentence(problem: Problem) -> str:
    """The problem in English, for the command line and logs."""
    return fill(MESSAGES[problem.code], problem.values)


def fill(template: str, values: Mapping[str, Any]) -> str:
    return template.format_map({name: shown(value) for name, value in values.items()})


def shown(value: object) -> str:
    """A value as it may be printed: strings of a file lose control and direction-changing
    characters and are cut."""
    text = str(value)
    if len(text) > LONGEST_SHOWN:
        text = text[: LONGEST_SHOWN - 1] + "…"
    return "".join("�" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in text)
