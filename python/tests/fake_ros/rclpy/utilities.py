def remove_ros_args(arguments):
    return arguments
